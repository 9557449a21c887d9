podlab answer which-word CreateContainerConfigError
cat > queue.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: queue
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    env:
    - name: MAX_JOBS
      valueFrom:
        configMapKeyRef:
          name: limits
          key: max_jobs
END
kubectl replace --force --grace-period=0 -f queue.yaml
kubectl delete pod report --now
kubectl run report --image=podlab.dev/toolbox:v1 --overrides='{"spec": {"containers": [{"name": "app", "image": "podlab.dev/toolbox:v1", "volumeMounts": [{"name": "layout", "mountPath": "/etc/layout"}]}], "volumes": [{"name": "layout", "emptyDir": {}}]}}'
