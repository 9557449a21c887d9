# A Deployment is the database, and the Service is written down.
kubectl create deployment db --image=podlab.dev/toolbox:v1
kubectl apply -f - <<'END'
apiVersion: v1
kind: Service
metadata:
  name: db
spec:
  selector:
    app: db
  ports:
  - port: 80
    targetPort: 8080
END
