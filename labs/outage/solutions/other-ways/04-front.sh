podlab answer front-why "Service search"
kubectl create -f - <<'END'
apiVersion: v1
kind: Service
metadata:
  name: search
spec:
  selector:
    app: search
  ports:
  - port: 80
    targetPort: 8080
END
